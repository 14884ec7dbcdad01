"""Ends and passes on descriptors in the ways that are neither close nor dup. Usage: descriptors.py FOLDER"""

import os
import socket
import subprocess
import sys

folder = sys.argv[1]
new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

# close_range(2), and then a socket that gets the number of the file.
ranged = os.open(os.path.join(folder, "ranged"), new)
os.write(ranged, b"abc")
os.closerange(ranged, ranged + 1)
one, other = socket.socketpair()
assert one.fileno() == ranged
os.write(one.fileno(), b"x" * 4096)

# ioctl(FIONCLEX): a descriptor that was made close-on-exec goes on to another program.
kept = os.open(os.path.join(folder, "kept"), new)
os.set_inheritable(kept, True)
subprocess.run(["/bin/sh", "-c", f"echo through >&{kept}"], close_fds=False, check=True)
os.close(kept)
