import fc from 'fast-check';

/** Any merge of some lists into one that keeps the order within each list. */
export function interleaving<T>(lists: readonly (readonly T[])[]): fc.Arbitrary<T[]> {
  const length = lists.reduce((sum, list) => sum + list.length, 0);
  return fc.array(fc.nat(), { minLength: length, maxLength: length }).map((choices) => {
    const rest = lists.map((list) => [...list]).filter((list) => list.length > 0);
    return choices.map((choice) => {
      const index = choice % rest.length;
      const item = rest[index]?.shift() as T;
      if (rest[index]?.length === 0) rest.splice(index, 1);
      return item;
    });
  });
}
