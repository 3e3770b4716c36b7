import fs from 'node:fs'
import { containerIn } from '../../shared/engine/own-container-id.ts'

const LISTEN = '0A'
const ADDRESS = /^([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/
/** The engine's DNS server inside every container's network. */
const ENGINE_DNS = '127.0.0.11'

/** @param filesOf tells whether `pid` means the container's process: not in another pid namespace or on another machine */
export function listening(pid: number, filesOf: string | undefined): string[] | undefined {
  try {
    if (containerIn(fs.readFileSync(`/proc/${pid}/mountinfo`, 'utf8')) !== filesOf) return undefined
    return listeningIn(['tcp', 'tcp6'].map((file) => fs.readFileSync(`/proc/${pid}/net/${file}`, 'utf8')).join('\n'))
  } catch {
    return undefined
  }
}

export function listeningIn(tables: string): string[] {
  const addresses = tables
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && ADDRESS.test(fields[1]!))
    .map((fields) => addressIn(fields[1]!))
    .filter((address) => !address.startsWith(`${ENGINE_DNS}:`))
  return [...new Set(addresses)]
}

export function reaches(addresses: string[], port: number): boolean {
  return addresses.some((address) => {
    const colon = address.lastIndexOf(':')
    const host = address.slice(0, colon)
    return Number(address.slice(colon + 1)) === port && !host.startsWith('127.') && host !== '[::1]'
  })
}

/** Where it is reached from outside, when that is on other ports only. None where it listens on `port`, if for itself. */
export function elsewhere(addresses: string[], port: number): string[] {
  if (addresses.some((address) => address.endsWith(`:${port}`))) return []
  return addresses.filter((address) => reaches([address], Number(address.slice(address.lastIndexOf(':') + 1))))
}

/** Call it after IPv4 failed: `[::]` usually covers IPv4 too. */
export function isOutOfReach(addresses: string[], port: number): boolean {
  const atPort = addresses.filter((address) => address.endsWith(`:${port}`))
  return atPort.length > 0 && atPort.every((address) => address.startsWith('[') || !reaches([address], port))
}

/** `0100007F:0050` → `127.0.0.1:80`. Each 32-bit word has its last byte first. */
function addressIn(field: string): string {
  const [hex = '', port = ''] = field.split(':')
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse())
  return `${bytes.length === 4 ? bytes.join('.') : version6(bytes)}:${Number.parseInt(port, 16)}`
}

function version6(bytes: number[]): string {
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  if (mapped) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname
}
