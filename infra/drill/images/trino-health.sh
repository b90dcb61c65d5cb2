#!/bin/bash
# Stands in for the script of that name.
curl --fail --silent --max-time 5 http://127.0.0.1:8080/v1/info | grep -q '"starting":false'
