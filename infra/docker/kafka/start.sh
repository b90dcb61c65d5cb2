#!/bin/bash
# Formats the storage once, then becomes the broker. Copied into the container by `configuration`.
set -euo pipefail
data=/var/lib/kafka/data
mkdir -p "$data/log" "$data/tmp"
export LOG_DIR="$data/tmp" KAFKA_GC_LOG_OPTS=" "
export KAFKA_HEAP_OPTS="-Xmx448m -Xms64m"
export KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseG1GC -XX:MaxGCPauseMillis=50 -XX:+ExitOnOutOfMemoryError"
export KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=/etc/adlake/log4j2.properties"
# Native libraries are unpacked into the volume: /tmp may forbid to run what lies there.
export KAFKA_OPTS="-Djava.io.tmpdir=$data/tmp -Duser.timezone=UTC"
if [ ! -f "$data/log/meta.properties" ]; then
  /opt/kafka/bin/kafka-storage.sh format --standalone --ignore-formatted \
    --cluster-id "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" --config /etc/adlake/server.properties
fi
exec /opt/kafka/bin/kafka-server-start.sh /etc/adlake/server.properties
