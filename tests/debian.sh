#!/bin/sh
# What tests need beside Python: PostgreSQL for the ledger, net-snmp's agent as a peer of the
# manager. Installed from Debian where they are absent; where that cannot be done, their tests are
# skipped, and this says so.
absent=""
command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || absent="postgresql"
command -v snmpd >/dev/null || [ -x /usr/sbin/snmpd ] || absent="$absent snmpd snmp"
[ -n "$absent" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 - one word for each package
    if apt-get -q update && apt-get -q install -y --no-install-recommends $absent; then
        exit 0
    fi
fi
echo "absent: $absent; their tests are skipped (on Debian, as root: apt-get install $absent)"
