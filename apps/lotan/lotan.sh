#!/bin/sh
# The `lotan` command (`npx lotan wait TAG` in this project's directory): becomes main.ts under a Node that fits. It
# brings nothing to this machine and starts no engine; `npm start` does that.
set -eu

here=$(dirname "$(readlink -f "$0")")
own_node=$here/node
. "$here/install/fitting-node.sh"

node_fits || use_own_node
node_fits || {
  printf 'lotan: Node 22.18 or newer is needed; npm start brings one\n' >&2
  exit 1
}
exec node "$here/main.ts" "$@"
