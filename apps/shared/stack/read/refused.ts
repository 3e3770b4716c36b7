/** What to do instead of keys of the Compose specification that Lotan does not take. Pure. */

const OWN = 'Lotan does that itself: leave it out'
const SHUT = 'is not given to any container here: leave it out'
const NETWORK = 'is not taken: parts of a stack reach each other by name, on a network of the preview alone'
const IMAGE = 'is not taken: put it into the image'

const ofService: Record<string, string> = {
  ports:
    'is not taken: Lotan gives the application its address, parts of a stack reach each other without; ' +
    'a second host is x-lotan: {host: true, port: 8025}',
  expose: 'is not taken: parts of a stack reach all ports of each other',
  build: 'is not taken: Lotan builds nothing. The part without image is the application, and runs the image of the tag',
  restart: 'is not taken: Lotan starts a service that fails again by itself. Leave it out',
  privileged: SHUT,
  cap_add: SHUT,
  devices: SHUT,
  security_opt: SHUT,
  sysctls: SHUT,
  userns_mode: SHUT,
  pid: SHUT,
  ipc: SHUT,
  cgroup: SHUT,
  cgroup_parent: SHUT,
  runtime: SHUT,
  network_mode: NETWORK,
  networks: NETWORK,
  links: NETWORK,
  external_links: NETWORK,
  hostname: `${NETWORK}: the key above`,
  extra_hosts: NETWORK,
  dns: NETWORK,
  container_name: `is not taken: ${OWN}`,
  logging: `is not taken: ${OWN}`,
  pull_policy: `is not taken: ${OWN}`,
  cap_drop: `is not taken: ${OWN}`,
  deploy: 'is not taken: each service runs once; limits are mem_limit, cpus and pids_limit',
  scale: 'is not taken: each service runs once',
  env_file: 'is not taken: the file is not beside the image. Write its lines under environment',
  secrets: 'is not taken: ${LOTAN_SECRET_X} in environment is a secret of this preview',
  configs: IMAGE,
  extends: 'is not taken: write the keys here, or use a YAML anchor',
  profiles: 'is not taken: all services of a stack run',
  volumes_from: 'is not taken: mount a volume of the same name in both services',
  read_only: 'is not taken: a service writes to its layer, and all of that is gone with its container',
  mem_reservation: 'is not taken: the limit is mem_limit',
  memswap_limit: 'is not taken: the limit is mem_limit, and there is no swap beside it',
  develop: 'is not taken: push the tag again for each change',
  platform: 'is not taken: an image runs as this machine is',
}

const ofStack: Record<string, string> = {
  networks: NETWORK,
  secrets: ofService.secrets!,
  configs: IMAGE,
  include: ofService.extends!,
  'x-lotan': 'stands on a service or a volume, not here',
}

const ofVolume: Record<string, string> = {
  external: 'is not taken: each preview has volumes of its own',
  name: 'is not taken: Lotan names its volumes itself',
}

const takenOfService =
  'image command entrypoint environment depends_on healthcheck volumes tmpfs stop_signal stop_grace_period user working_dir init mem_limit cpus pids_limit x-lotan'

export function whyNotOnService(name: string): string {
  return own(ofService, name) ?? `is not taken. Taken are ${takenOfService.replaceAll(' ', ', ')}`
}

/** Undefined for `x-…`, which is for anchors. */
export function whyNotOnStack(name: string): string | undefined {
  const reason = own(ofStack, name)
  if (reason === undefined && name.startsWith('x-')) return undefined
  return reason ?? 'is not taken. Taken are services, volumes, name, version, and x-… for anchors'
}

export function whyNotOnVolume(name: string): string {
  return own(ofVolume, name) ?? 'is not taken. Taken is x-lotan: {keep: 7d, on-push: reset, from: SNAPSHOT}'
}

/** @param taken `keep, on-push and from` */
export function notTaken(taken: string): () => string {
  return () => `is not taken. Taken are ${taken}`
}

function own(table: Record<string, string>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
