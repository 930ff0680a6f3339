#!/bin/sh
# Make the Python environment of the peers for `make bench-peers`.
#
#   benches/peers/setup.sh [VENV]        (default: target/peers-venv in the repository)
#
# Run it as often as you like: when the environment already holds what requirements.txt asks for, it ends at once.
# System packages that are missing are installed with apt-get when we are root; otherwise they are named.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${1:-$root/target/peers-venv}
requirements=$here/requirements.txt
stamp=$venv/.requirements-installed

if [ -f "$stamp" ] && cmp -s "$requirements" "$stamp" && [ -x "$venv/bin/python" ]; then
    echo "peers: $venv is up to date"
    exit 0
fi

missing=
for package in libopenmpi-dev openmpi-bin python3-venv; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "peers: install these packages first:$missing" >&2
        exit 1
    fi
    # another apt-get may be at work: wait for its lock
    apt-get -q -o DPkg::Lock::Timeout=600 update
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends $missing
fi

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

rm -f "$stamp"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q -r "$requirements"
"$venv/bin/python" -W ignore -c 'import alphacsc, dicodile, joblib, sporco; from mpi4py import MPI; assert "Open MPI" in MPI.Get_library_version()'
cp "$requirements" "$stamp"
echo "peers: made $venv"
