# A Node that runs TypeScript as it is: 22.18, or 24 and newer. Read by set-up.sh and lotan.sh, which set $own_node to
# where the one lies that set-up.sh brings.

node_fits() {
  version=$(node --version 2>/dev/null) || return 1
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  [ "$major" -ge 24 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 18 ]; }
}

use_own_node() {
  for bin in "$own_node"/node_modules/node-linux-*/bin; do
    [ ! -x "$bin/node" ] || PATH=$bin:$PATH
  done
}
