import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { mangledText } from '../../testing/arbitraries/texts.ts'
import { containerIn } from '../../shared/engine/own-container-id.ts'
import { isOutOfReach, listening, listeningIn, reaches } from './listening.ts'

const line = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 29110 1`

test('what listens is read from the kernel’s tables', () => {
  const tables = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    line('00000000:0BB8', '0A'),
    line('0100007F:0050', '0A'),
    line('0953530A:0050', '01'),
    line('0B00007F:9C45', '0A'),
    line('00000000000000000000000000000000:1F90', '0A'),
    line('00000000000000000000000001000000:0050', '0A'),
    line('0000000000000000FFFF00000100007F:0051', '0A'),
    line('00000000:0BB8', '0A'),
  ].join('\n')
  assert.deepEqual(listeningIn(tables), ['0.0.0.0:3000', '127.0.0.1:80', '[::]:8080', '[::1]:80', '127.0.0.1:81'])
  assert.deepEqual(listeningIn(''), [])
})

test('an application is reached where it listens for others', () => {
  const cases: [addresses: string[], port: number, reached: boolean][] = [
    [['0.0.0.0:80'], 80, true],
    [['[::]:80'], 80, true],
    [['10.83.0.9:80'], 80, true],
    [['127.0.0.1:80'], 80, false],
    [['[::1]:80'], 80, false],
    [['0.0.0.0:8080'], 80, false],
    [[], 80, false],
  ]
  for (const [addresses, port, reached] of cases) assert.equal(reaches(addresses, port), reached, addresses.join(' '))
})

test('an application is out of reach where it listens on the port, and not for others on IPv4', () => {
  const cases: [addresses: string[], port: number, is: boolean][] = [
    [['127.0.0.1:80'], 80, true],
    [['[::1]:80', '127.0.0.1:80'], 80, true],
    [['[::]:80'], 80, true],
    [['[::1]:80', '0.0.0.0:80'], 80, false],
    [['0.0.0.0:80'], 80, false],
    // It may listen there yet.
    [['127.0.0.1:3000'], 80, false],
    [['127.0.0.1:8080'], 80, false],
    [[], 80, false],
  ]
  for (const [addresses, port, is] of cases) assert.equal(isOutOfReach(addresses, port), is, addresses.join(' '))
})

test('this process is seen to listen; one that is not there, or in another container than is meant, is not', async () => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const container = containerIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'))
  assert.ok(listening(process.pid, container)?.includes(`127.0.0.1:${port}`))
  assert.equal(listening(process.pid, 'e3'.repeat(32)), undefined)
  server.close()
  assert.equal(listening(2 ** 30, container), undefined)
})

test('whatever the kernel’s tables say, what is read of them are addresses', () => {
  const sample = [line('00000000:0BB8', '0A'), line('00000000000000000000000001000000:0050', '0A')].join('\n')
  fc.assert(
    fc.property(mangledText(sample), (tables) => {
      for (const address of listeningIn(tables)) {
        assert.match(address, /^([\d.]+|\[[0-9a-f:.]+\]):\d{1,5}$/)
        assert.ok(URL.canParse(`http://${address}`), address)
      }
    }),
    { numRuns: 300, examples: [[line('0000:0050', '0A')], [line('', '0A')], ['0: x y 0A']] },
  )
})
