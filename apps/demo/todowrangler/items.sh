#!/bin/busybox sh
# Asks the service `db`, a Redis: one value of it holds the whole list, as JSON.
# https://redis.io/docs/latest/develop/reference/protocol-spec/
quit='*1\r\n$4\r\nQUIT\r\n'

answer() {
  printf 'Status: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n%s\n' "$1" "$2"
  exit
}

case $REQUEST_METHOD in
  POST)
    [ "${CONTENT_LENGTH:-0}" -gt 0 ] && [ "$CONTENT_LENGTH" -le 65536 ] || answer '413 Content Too Large' null
    said=$(
      {
        printf '*3\r\n$3\r\nSET\r\n$5\r\nitems\r\n$%s\r\n' "$CONTENT_LENGTH"
        head -c "$CONTENT_LENGTH"
        printf "\r\n$quit"
      } | nc -w 5 db 6379
    )
    case $said in +OK*) answer '200 OK' null ;; esac
    ;;
  *)
    said=$(printf "*2\r\n\$3\r\nGET\r\n\$5\r\nitems\r\n$quit" | nc -w 5 db 6379)
    case $said in
      '$-1'*) answer '200 OK' null ;;
      '$'*) answer '200 OK' "$(printf '%s\n' "$said" | sed -n 2p | tr -d '\r')" ;;
    esac
    ;;
esac
answer '503 Service Unavailable' null
