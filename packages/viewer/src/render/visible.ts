export { type Piece, pieces, visible, visibleName } from '@godo/evidence';
