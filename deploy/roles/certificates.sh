#!/bin/sh
# Makes the authority of an installation's nodes and a certificate for each role, in ./certificates.
#
#   ./certificates.sh vault gateway navigator projector
#   ./certificates.sh front=gateway,navigator      # one node with two roles
#
# What is there stays: run it again for another node, or after removing one that is to be renewed.
# Keep ca.key off the nodes: whoever has it can make a node that gets every key of the vault.
set -eu
umask 077
mkdir -p certificates
cd certificates

if [ ! -f ca.key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
        -keyout ca.key -out ca.pem -subj "/CN=airside nodes" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
fi

for node in "$@"; do
    name=${node%%=*}
    roles=${node#*=}
    [ -f "$name.pem" ] && continue
    names=
    for role in $(echo "$roles" | tr ',' ' '); do
        case $role in
            gateway | navigator | projector | vault) names="$names,DNS:$role.airside.internal" ;;
            *) echo "role $role is unknown: use gateway, navigator, projector or vault" >&2; exit 1 ;;
        esac
    done
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n' \
        "${names#,}" > "$name.ext"
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 397 \
        -extfile "$name.ext" -out "$name.pem"
    rm "$name.csr" "$name.ext"
done
