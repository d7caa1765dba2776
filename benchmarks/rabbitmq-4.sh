#!/bin/sh
# RabbitMQ of Debian trixie (4.0.5) in a folder of its own, as an ordinary process: the peer that our figures are held against.
# Needs root (chroot, a mount namespace) and Debian's debootstrap. The package source is the one this machine's apt uses.
#
#   rabbitmq-4.sh unpack FOLDER            once: a minimal Debian with rabbitmq-server in it
#   rabbitmq-4.sh version FOLDER           its version
#   rabbitmq-4.sh run FOLDER DATA          in the foreground, data and logs below DATA, told by RABBITMQ_* and ERL_EPMD_PORT; ends when it is killed
set -eu

suite=trixie

unpack() {
    if [ -x "$1/usr/lib/rabbitmq/bin/rabbitmq-server" ]; then return; fi
    command -v debootstrap >/dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; exit 1; }
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    source=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' "Codename: $codename" 'Component: main' | head -n 1)
    [ -n "$source" ] || { echo "apt knows no source of Debian's main component" >&2; exit 1; }
    rm -rf "$1.unpacking"
    debootstrap --variant=minbase --merged-usr "$suite" "$1.unpacking" "$source" >&2
    # Nothing is started by its own package script: `run` starts what is wanted.
    printf '#!/bin/sh\nexit 101\n' > "$1.unpacking/usr/sbin/policy-rc.d"
    chmod +x "$1.unpacking/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$1.unpacking/etc/resolv.conf"
    printf '127.0.0.1 localhost\n' > "$1.unpacking/etc/hosts"
    for file in /etc/apt/apt.conf.d/*proxy*; do
        if [ -f "$file" ]; then cp "$file" "$1.unpacking/etc/apt/apt.conf.d/"; fi
    done
    unshare --mount -- sh -c 'mount -t proc proc "$1/proc" && DEBIAN_FRONTEND=noninteractive exec chroot "$1" \
        apt-get install -y --no-install-recommends rabbitmq-server' sh "$1.unpacking" >&2
    mv "$1.unpacking" "$1"
}

run() {
    # The mounts live as long as the process: nothing is left behind when it is killed.
    exec unshare --mount -- sh -c 'mount -t proc proc "$1/proc" && mount --bind "$2" "$1/mnt" \
        && exec chroot "$1" /usr/bin/env HOME=/mnt RABBITMQ_MNESIA_BASE=/mnt/mnesia RABBITMQ_LOG_BASE=/mnt/log \
        RABBITMQ_ENABLED_PLUGINS_FILE=/mnt/plugins /usr/lib/rabbitmq/bin/rabbitmq-server' sh "$1" "$2"
}

case "${1-}" in
    unpack) unpack "$2" ;;
    version) chroot "$2" dpkg-query -W -f '${Version}' rabbitmq-server ;;
    run) run "$2" "$3" ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
