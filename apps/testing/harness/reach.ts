/** Who reaches whom: what firewall rules are about. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { promisify } from 'node:util'
import { surroundings } from './surroundings.ts'
import { until } from './until.ts'

const run = promisify(execFile)
const PATIENCE_MS = 1_500

/** Connects to all targets at once and prints those that accepted, as JSON. */
const connect = `
  const net = require('node:net')
  const tries = process.argv.slice(1).map((target) => new Promise((resolve) => {
    const colon = target.lastIndexOf(':')
    const socket = net.connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) })
    const say = (is) => { socket.destroy(); resolve(is && target) }
    socket.on('connect', () => say(true)).on('error', () => say(false))
    setTimeout(() => say(false), ${PATIENCE_MS})
  }))
  Promise.all(tries).then((found) => console.log(JSON.stringify(found.filter(Boolean))))`

/** @param targets `10.0.0.1:80`; the container needs Node */
export async function reachedFrom(container: string, targets: string[]): Promise<string[]> {
  return JSON.parse(await inside(container, ['node', '-e', connect, ...targets])) as string[]
}

/** `docker exec` */
export async function inside(container: string, command: string[]): Promise<string> {
  const { stdout } = await run('docker', ['exec', container, ...command], { env: surroundings })
  return stdout
}

/** Listens on all addresses of this machine. */
export async function openService(): Promise<{ port: number; close(): void }> {
  const server = net.createServer((socket) => socket.destroy())
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  return { port: (server.address() as net.AddressInfo).port, close: () => void server.close() }
}

/**
 * Another machine with a route to it: a network namespace with a service on port 80 of each address. @param n 0 to 63,
 * so that several can exist at once
 */
export async function openOutside(n: number) {
  const name = `lotan-out-${process.pid}`
  const near = `lo${process.pid}`
  const [here, there, linkLocal] = [`198.51.100.${4 * n + 1}`, `198.51.100.${4 * n + 2}`, `169.254.77.${n}`]
  const listen = `for (const host of ${JSON.stringify([there, linkLocal])})
    require('node:net').createServer((socket) => socket.destroy()).listen(80, host, () => console.log(host))`
  const clear = async () => {
    await run('ip', ['link', 'del', near]).catch(() => {})
    await run('ip', ['netns', 'del', name]).catch(() => {})
  }
  await clear()
  await run('ip', ['netns', 'add', name])
  await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
  await run('ip', ['address', 'add', `${here}/30`, 'dev', near])
  await run('ip', ['link', 'set', near, 'up'])
  await run('ip', ['route', 'add', `${linkLocal}/32`, 'dev', near])
  for (const address of [`${there}/30`, `${linkLocal}/32`])
    await run('ip', ['-n', name, 'address', 'add', address, 'dev', 'eth0'])
  for (const link of ['lo', 'eth0']) await run('ip', ['-n', name, 'link', 'set', link, 'up'])
  await run('ip', ['-n', name, 'route', 'add', 'default', 'via', here])
  const service = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', 'nsenter', `--net=/run/netns/${name}`, process.execPath, '-e', listen],
    { env: surroundings, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  service.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('the other machine listens', () => said.includes(there) && said.includes(linkLocal))

  return {
    address: there,
    linkLocal,
    /** Which targets it reaches through this machine. */
    async reaches(targets: string[]): Promise<string[]> {
      const command = [`--net=/run/netns/${name}`, process.execPath, '-e', connect, ...targets]
      const { stdout } = await run('nsenter', command, { env: surroundings })
      return JSON.parse(stdout) as string[]
    },
    async close() {
      service.kill('SIGKILL')
      await clear()
    },
  }
}

/** Lotan's chains and the jumps to them, as `iptables -S` prints them, by table. */
export async function rulesWith(instance: string): Promise<string[]> {
  const rules = ['filter', 'mangle'].map(async (table) => {
    const { stdout } = await run('iptables', ['-w', '-t', table, '-S'])
    const lines = stdout.split('\n').filter((line) => line.includes(`LOTAN-${instance}`))
    return lines.map((line) => `-t ${table} ${line}`)
  })
  return (await Promise.all(rules)).flat()
}

/** Packets that Lotan's rule about these addresses has dropped. @param to `169.254.0.0/16` */
export async function droppedBy(instance: string, to: string): Promise<number> {
  const { stdout } = await run('iptables', ['-w', '-t', 'mangle', '-v', '-S', `LOTAN-${instance}`])
  const rule = stdout.split('\n').find((line) => line.includes(`-d ${to} `) && line.includes(' -j DROP'))
  return Number(/ -c (\d+) /.exec(rule ?? '')?.[1] ?? 0)
}

export async function removeFirewallByHand(instance: string): Promise<void> {
  const rules = await rulesWith(instance)
  const calls = rules.filter((rule) => rule.includes(` -j LOTAN-${instance}`))
  const chains = rules.filter((rule) => rule.includes(' -N '))
  const undo = [
    ...calls.map((rule) => rule.replace(' -A ', ' -D ')),
    ...chains.map((rule) => rule.replace(' -N ', ' -F ')),
    ...chains.map((rule) => rule.replace(' -N ', ' -X ')),
  ]
  for (const command of undo) await run('iptables', ['-w', ...command.split(' ')])
}
