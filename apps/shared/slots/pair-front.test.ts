import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoriesAt } from '../../testing/harness/repositories.ts'
import { pairFrontOf, pairPlaceOf } from './pair-front.ts'
import type { SlotScheme } from './slot-scheme.ts'

const subnet = '10.83.0.0/20'
const network: SlotScheme = { kind: 'network', subnet }
const ports: SlotScheme = { kind: 'port', ports: [20_000] }
const http = { protocol: 'http:', port: 8080 } as const
const https = { protocol: 'https:', port: null } as const
const certificate = { certificate: 'c', key: 'k', listen: { host: '0.0.0.0', port: 443 } }
const several = repositoriesAt('reg/web', { api: 'reg/api' })

test('where previews reach nginx: the bridge, or Lotan’s own container on their network', () => {
  const of = (isJoined: boolean) =>
    pairFrontOf({ repositories: several, publicUrl: http, tls: null }, network, subnet, isJoined)
  assert.deepEqual(of(false), { address: '10.83.0.1', why: null })
  assert.deepEqual(of(true), { address: '10.83.0.2', why: null })
})

test('nothing is said where there is one repository', () => {
  const one = { repositories: repositoriesAt('reg/web'), publicUrl: http, tls: null }
  assert.equal(pairFrontOf(one, network, subnet, false), undefined)
  assert.equal(pairFrontOf(one, ports, subnet, false), undefined)
})

test('why it cannot be: slots do not tell who calls, or another proxy has the certificate', () => {
  const why = (publicUrl: typeof http | typeof https, tls: typeof certificate | null, scheme: SlotScheme = network) =>
    pairFrontOf({ repositories: several, publicUrl, tls }, scheme, subnet, false)
  assert.match(why(http, null, ports)!.why!, /slots are ports/)
  assert.match(why(https, null)!.why!, /LOTAN_TLS_CERT/)
  assert.deepEqual(why(https, certificate), { address: '10.83.0.1', why: null })
})

test('its port is that of the addresses that previews are given', () => {
  const front = { address: '10.83.0.1', why: null }
  assert.deepEqual(pairPlaceOf(front, { publicUrl: http }), { host: '10.83.0.1', port: 8080 })
  assert.equal(pairPlaceOf(front, { publicUrl: https })?.port, 443)
  assert.equal(pairPlaceOf(front, { publicUrl: { protocol: 'http:', port: null } })?.port, 80)
  assert.equal(pairPlaceOf({ address: null, why: 'no' }, { publicUrl: http }), null)
  assert.equal(pairPlaceOf(undefined, { publicUrl: http }), null)
})
