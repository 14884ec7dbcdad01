#!/bin/sh
# What an administrator's shell and a build do on a host; recorded by record.mjs. $1: an empty folder; $2: file-loop.
set -eu
cd "$1"

# A C project, built by make.
mkdir src lib include
for name in alpha beta part3 delta epsilon zeta eta theta; do
  printf '#include <stdio.h>\n#include "../include/parts.h"\nint %s(int n) { return printf("%%d\\n", n); }\n' "$name" > "src/$name.c"
  printf 'int %s(int n);\n' "$name" >> include/parts.h
done
cat > Makefile << 'END'
lib/libparts.a: $(patsubst src/%.c,lib/%.o,$(wildcard src/*.c))
	ar rcs $@ $^
lib/%.o: src/%.c
	gcc -O1 -c -o $@ $<
END
make --silent

# A daemon that writes its files over and over.
"$2" "$PWD/lib" 600

# A package is built, unpacked and installed below a folder of its own.
mkdir -p package/DEBIAN package/usr/share/parts root/var/lib/dpkg root/var/lib/dpkg/updates root/var/lib/dpkg/info
printf 'Package: parts\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: parts\n' \
  > package/DEBIAN/control
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do cp include/parts.h "package/usr/share/parts/parts-$number.h"; done
touch root/var/lib/dpkg/status root/var/lib/dpkg/available
dpkg-deb --build package parts.deb > /dev/null
dpkg --root="$PWD/root" --force-all --install parts.deb > /dev/null 2>&1 || true

# Files are packed, copied, moved, searched and edited.
tar -czf parts.tar.gz src include lib
mkdir copy
tar -xzf parts.tar.gz -C copy
find . -name '*.[ch]' -exec wc -l {} + > lines
find copy -type f -exec sha256sum {} \; > sums
cp -r copy moved
for file in moved/src/*.c; do sed -i 's/printf/puts/' "$file"; mv "$file" "$file.old"; done
rm -r moved

# Small scripts that log.
for number in 1 2 3 4 5 6 7 8 9 10; do
  echo "$(date) job $number" >> work.log
  printf 'line %s\n' "$number" | sort | uniq -c | awk '{ print $2 }' > "out-$number"
  perl -e 'open(my $f, ">", "perl-out"); print $f "$_\n" for 1 .. 50;'
done
grep -c job work.log > /dev/null
