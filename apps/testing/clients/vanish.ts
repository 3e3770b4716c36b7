/** Clients that vanish, such as a laptop that is shut: no FIN, no RST, no more ACK. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isAlive } from '../harness/processes.ts'

const run = promisify(execFile)
const mark = 'lotan-test-vanished'

/** Drops all packets between two ports of loopback. */
export async function vanish(port: number, server: number): Promise<void> {
  for (const [from, to] of [
    [port, server],
    [server, port],
  ])
    await iptables(
      ...['-I', 'OUTPUT', '-o', 'lo', '-p', 'tcp', '--sport', `${from}`, '--dport', `${to}`],
      ...['-m', 'comment', '--comment', `${mark}-${process.pid}`, '-j', 'DROP'],
    )
}

/** Also removes rules of tests that were killed. */
export async function sweepVanished(): Promise<void> {
  for (const rule of (await iptables('-S', 'OUTPUT')).split('\n')) {
    const owner = Number(new RegExp(`${mark}-(\\d+)`).exec(rule)?.[1])
    if (owner && (owner === process.pid || !isAlive(owner))) await iptables('-D', ...rule.split(' ').slice(1))
  }
}

async function iptables(...args: string[]): Promise<string> {
  const { stdout } = await run('iptables', ['-w', ...args])
  return stdout
}
