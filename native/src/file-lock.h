#pragma once

namespace godo {

/** Locks the file of a descriptor for whoever has that open (flock(2)), until it is closed. False: somebody else has. Throws Failure. */
bool tryLock(int fd);

}  // namespace godo
