#!/bin/sh
# Brings what Lotan needs to a machine that has little more than npm, one printed line for each thing it does, and then
# becomes the command it was given, with a fitting Node first on PATH:
#
#   sh apps/lotan/install/set-up.sh run|test|bench|unit COMMAND...
#
# `run` brings what serving needs (and, without any repository, the demo), `test` also what the tests need, `bench` besides
# that the proxies that Lotan is measured against, `unit` npm packages and Node alone. Where all is there it prints nothing
# and costs a tenth of a second. Without root it changes nothing outside this directory.
set -eu

mode=$1
shift
cd "$(dirname "$0")/../../.."
own_node=$PWD/apps/lotan/node
. apps/lotan/install/fitting-node.sh
stamp=node_modules/.lotan-set-up
proxies=apps/bench/proxies
engine_log=/var/log/lotan-dockerd.log
policy=/usr/sbin/policy-rc.d
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where nginx and ip lie; a user's PATH often ends before
export PATH

say() {
  printf 'lotan: %s\n' "$*"
}

die() {
  printf 'lotan: %s\n' "$*" >&2
  exit 1
}

# Runs a command whose output matters only when it fails.
quietly() {
  output=$("$@" 2>&1) || {
    printf '%s\n' "$output" >&2
    die "this failed: $*"
  }
}

# The programs that are needed, each with the Debian package it comes in.
needed() {
  [ "$mode" != unit ] || return 0
  echo nginx:nginx-light nginx-lua:libnginx-mod-http-lua ss:iproute2 ip:iproute2 iptables:iptables busybox:busybox-static setpriv:util-linux flock:util-linux
  [ "$mode" = run ] && [ -n "${REDIS_URL:-}" ] || echo redis-server:redis-server
  [ "$mode" = run ] && [ -n "${REPOSITORY:-}${LOTAN_REPOSITORIES:-}" ] || echo docker-registry:docker-registry
  [ "$mode" = run ] || echo chromium:chromium faketime:faketime lua5.4:lua5.4 openssl:openssl certutil:libnss3-tools debootstrap:debootstrap docker-compose:docker-compose pg_ctlcluster:postgresql ssh:openssh-client sftp:openssh-client
  [ "$mode" != bench ] || echo caddy:caddy haproxy:haproxy
  # An engine may be there without its program: one elsewhere, or a desktop's.
  [ "$engine" = answers ] || echo dockerd:docker.io
}

has() {
  [ "$1" != nginx-lua ] || {
    has_lua
    return
  }
  path=$(command -v "$1") || return 1
  # Sandboxes and the demo's images hold nothing but busybox, so it must need no libraries: an ELF file names its loader at its head.
  [ "$1" != busybox ] || ! head -c 4096 "$path" | grep -q /ld-
}

# Whether nginx speaks Lua, or is not Debian's, whose module would not fit: what is to be done then the launcher says.
has_lua() {
  [ ! -e /usr/lib/nginx/modules/ngx_http_lua_module.so ] || return 0
  command -v nginx >/dev/null && ! dpkg-query -W nginx-common >/dev/null 2>&1
}

# Says `answers`, `silent` or `forbidden`. DOCKER_HOST names an engine that is not ours to look after.
probe_engine() {
  [ -z "${DOCKER_HOST:-}" ] || {
    echo answers
    return
  }
  node -e '
    const say = (answer) => { console.log(answer); process.exit() }
    require("http")
      .get({ socketPath: "/var/run/docker.sock", path: "/_ping", timeout: 5000 }, ({ statusCode }) =>
        say(statusCode === 200 ? "answers" : "silent"))
      .on("timeout", () => say("silent"))
      .on("error", ({ code }) => say(code === "EACCES" ? "forbidden" : "silent"))'
}

# Finds out what is missing: fills $packages, $programs, $engine, $node, $modules and $peers.
look() {
  node=fits
  node_fits || use_own_node
  node_fits || node=missing
  engine=answers
  [ "$mode" = unit ] || engine=$(probe_engine)
  packages=
  programs=
  for need in $(needed); do
    has "${need%:*}" && continue
    programs="$programs ${need%:*}"
    case " $packages " in *" ${need#*:} "*) ;; *) packages="$packages ${need#*:}" ;; esac
  done
  lock=$(sha256sum <package-lock.json)
  modules=missing
  case "$(cat "$stamp" 2>/dev/null)" in "$lock $mode" | "$lock test" | "$lock bench" | "$lock unit") modules=fit ;; esac
  peers=fit
  [ "$mode" != bench ] || cmp -s $proxies/package-lock.json $proxies/node_modules/.lotan-set-up || peers=missing
}

# Services that packages bring would listen on standard ports: Lotan starts its own, privately.
install_packages() {
  say "installing$packages"
  restore_policy
  trap restore_policy EXIT
  trap 'exit 130' INT TERM HUP
  [ ! -e $policy ] || mv $policy $policy.before-lotan
  printf '#!/bin/sh\n# lotan set-up\nexit 101\n' >$policy
  chmod +x $policy
  # One broken source is no reason to give up: whether the packages can be had is what counts.
  apt-get update -qq >/dev/null || say 'apt-get update failed, going on with the lists that are here'
  # shellcheck disable=SC2086
  quietly env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $packages
  restore_policy
  trap - EXIT INT TERM HUP
}

# Puts back what was there, also after a set-up that was killed.
restore_policy() {
  ! grep -qs '^# lotan set-up$' $policy || rm $policy
  [ ! -e $policy.before-lotan ] || mv $policy.before-lotan $policy
}

# Whether a dockerd runs in this network namespace: a second one there would take the first one's firewall rules apart.
engine_runs() {
  for process in /proc/[0-9]*; do
    [ "$(cat "$process/comm" 2>/dev/null)" = dockerd ] || continue
    [ "$(readlink "$process/ns/net")" != "$(readlink /proc/self/ns/net)" ] || return 0
  done
  return 1
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    say 'starting the engine (systemctl start docker)'
    quietly systemctl start docker
  elif engine_runs; then
    say 'waiting for the engine that is starting'
  else
    say "starting the engine (log: $engine_log)"
    setsid dockerd </dev/null >$engine_log 2>&1 9<&- &
  fi
  tries=0
  until [ "$(probe_engine)" = answers ]; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] || {
      tail -n 5 $engine_log >&2 2>/dev/null || :
      die 'the engine does not answer on /var/run/docker.sock'
    }
    sleep 0.2
  done
}

bring_node() {
  say "bringing Node 24 (this machine has $(node --version))"
  quietly npm --prefix "$own_node" ci
  use_own_node
  node_fits || die "Node 22.18 or newer is needed, and the one that npm brings does not run here: https://nodejs.org"
}

install_modules() {
  [ ! -L node_modules ] || die 'node_modules is a link, and npm would empty the folder that it leads to: remove the link'
  say 'installing npm packages'
  case $mode in
    run) quietly npm ci --omit=dev ;;
    test | bench | unit) quietly npm ci --include=dev ;;
  esac
  echo "$lock $mode" >"$stamp"
}

install_peers() {
  say 'installing npm packages of other proxies'
  quietly npm --prefix $proxies ci
  cp $proxies/package-lock.json $proxies/node_modules/.lotan-set-up
}

# The command line as one file, which Lotan serves to CI jobs. Lotan works without it.
build_client() {
  [ "$mode" != unit ] && [ -w . ] || return 0
  client=build/lotan.mjs
  [ ! -e $client ] || [ -n "$(find apps/lotan/cli apps/lotan/client.ts apps/lotan/console.ts apps/lotan/supervisor/run-file.ts \
    apps/lotan/install/build-client.ts apps/shared package.json package-lock.json -newer $client -print -quit)" ] || return 0
  say 'building lotan.mjs'
  node apps/lotan/install/build-client.ts || say 'lotan.mjs could not be built, so it is not served'
}

# The terminal in the browser, of xterm.js. Without it that page alone does not work.
build_terminal() {
  [ "$mode" != unit ] && [ -w . ] || return 0
  terminal=build/terminal.js
  [ ! -e $terminal ] || [ ! -e build/terminal.css ] || [ -n "$(find views/shell apps/lotan/install/build-terminal.ts \
    apps/shared/shell apps/shared/api/problems.ts package.json package-lock.json -newer $terminal -print -quit)" ] || return 0
  say 'building the terminal'
  node apps/lotan/install/build-terminal.ts || say 'the terminal could not be built, so the page of a shell does not work'
}

# What a user who is not root must do before anything else, in one line.
ask_root() {
  wishes=
  [ -z "$packages" ] || wishes="; sudo apt-get install --no-install-recommends$packages"
  case $engine in
    forbidden) wishes="$wishes; sudo usermod -aG docker $(id -un 2>/dev/null || :), then log in again" ;;
    silent) ! has dockerd || wishes="$wishes; sudo service docker start" ;;
  esac
  [ -z "$wishes" ] || die "first, as root: ${wishes#; }"
}

case $mode in run | test | bench | unit) ;; *) die 'usage: set-up.sh run|test|bench|unit COMMAND...' ;; esac
command -v node >/dev/null && command -v npm >/dev/null || die 'Node.js with npm is needed: https://nodejs.org'

look
if [ "$node$engine$modules$peers$packages" != fitsanswersfitfit ]; then
  [ -z "$packages" ] || command -v apt-get >/dev/null ||
    die "these programs are needed, and there is no apt-get to bring them:$programs"
  [ "$(id -u)" = 0 ] || ask_root
  # One set-up at a time in this directory; the other may have done it all meanwhile.
  exec 9<.
  flock 9
  look
  [ -z "$packages" ] || install_packages
  [ $node = fits ] || bring_node
  [ "$engine" = answers ] || start_engine
  [ $modules = fit ] || install_modules
  [ $peers = fit ] || install_peers
  exec 9<&-
fi
build_client
build_terminal
exec "$@"
