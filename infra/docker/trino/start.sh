#!/bin/bash
# Shows Trino only the plugins that the lake needs: each costs memory and time. Copied into the container
# by `configuration`.
set -euo pipefail
mkdir -p /data/trino/plugins /data/trino/tmp
for plugin in iceberg memory tpch; do
  ln -sfn "/usr/lib/trino/plugin/$plugin" "/data/trino/plugins/$plugin"
done
exec /usr/lib/trino/bin/run-trino
