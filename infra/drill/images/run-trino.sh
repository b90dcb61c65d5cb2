#!/bin/bash
# Stands in for Trino's launcher: jvm.config are options, node.properties are properties.
set -euo pipefail
mapfile -t options < <(grep -v '^#' /etc/trino/jvm.config)
mapfile -t node < <(sed -n 's/^\([a-z].*=\)/-D\1/p' /etc/trino/node.properties)
cd /data/trino
exec /opt/java/bin/java "${options[@]}" "${node[@]}" -Dconfig=/etc/trino/config.properties \
  -Dlog.enable-console=true -Dlog.levels-file=/etc/trino/log.properties \
  -cp '/usr/lib/trino/lib/*' io.trino.server.TrinoServer
