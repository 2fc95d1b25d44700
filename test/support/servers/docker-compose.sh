#!/bin/sh
# Stands in for docker(1) where no engine runs: `docker compose run|exec ... SERVICE ...` runs here what would run in the
# container. What starts or restarts one does nothing.
[ "$1" = compose ] || exit 64
verb=$2
shift 2
while :; do
  case $1 in
    --rm) shift ;;
    --name | --user | -v) shift 2 ;;
    *) break ;;
  esac
done
service=$1
shift
case $verb in
  run) exec "$service" "$@" ;;
  exec) exec "$@" ;;
  up | restart) ;;
  *) exit 64 ;;
esac
