import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downloadsIn } from './free-downloads.ts'

test('the engine’s own connections are told from others, with how long they have been silent', () => {
  const text = `0      0      192.0.2.2:41000      198.51.100.7:443   users:(("dockerd",pid=3628,fd=35))
	 cubic wscale:7,7 rto:204 bytes_received:536 lastsnd:61012 lastrcv:60948 lastack:60948 rcv_space:14480
0      0      192.0.2.2:41002      198.51.100.7:443   users:(("node",pid=12,fd=20))
	 cubic wscale:7,7 rto:204 lastsnd:99999 lastrcv:99999 lastack:1
0      0      [::1]:41004          [::1]:443          users:(("dockerd",pid=3628,fd=36))
	 cubic lastsnd:20 lastrcv:12
0      0      192.0.2.2:41006      198.51.100.7:443
	 cubic lastsnd:20 lastrcv:7000
`
  assert.deepEqual(downloadsIn(text), [
    { local: '192.0.2.2:41000', peer: '198.51.100.7:443', silence: 60_948, received: 536 },
    { local: '[::1]:41004', peer: '[::1]:443', silence: 12, received: 0 },
  ])
  assert.deepEqual(downloadsIn(''), [])
})
