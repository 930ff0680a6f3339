#!/bin/sh
# Prints how to start a Julia: one from the PATH, or Debian 11's (1.5.3), unpacked into a folder of its own. Nothing is
# installed, no setting of the system changes.
#
#   tests/julia/get-julia.sh FOLDER      prints the path of an executable; fails, with the reason, if none can be had
set -u

if [ "${JULIA:-}" ]; then
    echo "$JULIA"
    exit 0
elif command -v julia; then
    exit 0
fi
mkdir -p "$1" && root=$(cd "$1" && pwd) || exit 1
if [ -x "$root/julia" ]; then
    echo "$root/julia"
    exit 0
fi

cannot() {
    echo "get-julia: $*" >&2
    exit 1
}
command -v apt-get >/dev/null && command -v dpkg >/dev/null || cannot "no julia in the PATH, and this is no Debian"
[ "$(dpkg --print-architecture)" = amd64 ] || cannot "no julia in the PATH, and Debian 11's is tried on amd64 only"
# The mirror that this machine uses for Debian itself.
mirror=$(apt-get indextargets --format '$(ORIGIN)|$(CREATED_BY)|$(BASE_URI)' 2>/dev/null |
    sed -n 's/^Debian|Packages|\(.*\)\/dists\/.*/\1/p; s/^Debian|Packages|\(.*\)/\1/p' | head -n 1)
[ "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)|$(CODENAME)|$(COMPONENT)' 2>/dev/null |
    sed -n 's/^\(.*\)|bookworm|main$/\1/p' | head -n 1)
[ "$mirror" ] || mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
[ "$mirror" ] || cannot "found no mirror of Debian in apt's configuration"

work=$root/apt
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/empty"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keys] $mirror bullseye main" >"$work/sources.list"
: >"$work/status"
cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "$work/empty";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Sandbox::User "";
Debug::NoLocking "true";
CONF
APT_CONFIG=$work/apt.conf
export APT_CONFIG
apt-get -q update >"$work/log" 2>&1 || cannot "the package lists of Debian 11 cannot be had: $(tail -n 1 "$work/log")"
ls "$work"/lists/*Packages* >/dev/null 2>&1 ||
    cannot "the package lists of Debian 11 cannot be had: $(grep -m 1 '^[WE]:' "$work/log")"
# What the machine has already (its C library, for instance) is not unpacked.
cp /var/lib/dpkg/status "$work/status"
names=$(apt-get -q -s --no-install-recommends install julia 2>>"$work/log" | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
[ "$names" ] || cannot "Debian 11 has no julia that goes with this system: $(tail -n 1 "$work/log")"
# shellcheck disable=SC2086
(cd "$work/debs" && apt-get -q download $names libunwind8/bullseye >>"$work/log" 2>&1) ||
    cannot "packages of Debian 11 cannot be had: $(tail -n 1 "$work/log")"
for package in "$work"/debs/*.deb; do
    dpkg -x "$package" "$root" || cannot "cannot unpack $package"
done
# Links to libraries that were not unpacked, because the machine has them.
libraries=$root/usr/lib/x86_64-linux-gnu
find "$libraries" -type l | while read -r link; do
    [ -e "$link" ] && continue
    name=$(basename "$(readlink "$link")")
    for folder in /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu; do
        found=$(ls "$folder/$name" "$folder/${name%%.so*}".so.? "$folder/${name%%.so*}".so.?? 2>/dev/null | head -n 1)
        [ "$found" ] && ln -sf "$found" "$link" && break
    done
done
cat >"$root/julia.new" <<RUN
#!/bin/sh
LD_LIBRARY_PATH=$libraries:$libraries/julia\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} exec $root/usr/bin/julia "\$@"
RUN
chmod +x "$root/julia.new"
"$root/julia.new" --startup-file=no -e 'exit(VERSION < v"1.5")' >>"$work/log" 2>&1 ||
    cannot "the Julia that was unpacked does not start: $(tail -n 1 "$work/log")"
mv "$root/julia.new" "$root/julia"
rm -rf "$work"
echo "$root/julia"
