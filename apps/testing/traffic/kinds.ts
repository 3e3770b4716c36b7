/**
 * The kinds of traffic, each made by a real client, and what becomes of a preview that has no other. `survives`: never
 * stopped while the traffic lasts. `stops`: stopped all the same.
 */
import type { Scene, Traffic } from './account.ts'
import { abandonedWebSocket, keptConnection, pingedWebSocket, webSocket } from './sockets.ts'
import { slowDownload, slowReader, slowUpload, stream } from './transfers.ts'
import { longRobot, nothing, personAmongRobots, prefetches, robots } from './visits.ts'

export interface Kind {
  name: string
  becomes: 'survives' | 'stops'
  /** The image's labels, as multiples of the setting. */
  ownTimeout?: number
  ownLifetime?: number
  make: (scene: Scene) => Promise<Traffic>
}

export const kinds: Kind[] = [
  { name: 'a download, slowly sent', becomes: 'survives', make: slowDownload },
  { name: 'a download, slowly read', becomes: 'survives', make: slowReader },
  { name: 'an upload, slowly sent', becomes: 'survives', make: slowUpload },
  { name: 'server-sent events', becomes: 'survives', make: (scene) => stream(scene, '/sse?n=1000000&every=1000') },
  { name: 'server-sent events that never come', becomes: 'stops', make: (scene) => stream(scene, '/mute') },
  { name: 'a WebSocket with data', becomes: 'survives', make: (scene) => webSocket(scene, (it) => it.send('hello')) },
  { name: 'a WebSocket its client pings', becomes: 'survives', make: (scene) => webSocket(scene, (it) => it.ping()) },
  { name: 'a WebSocket its server pings', becomes: 'survives', make: pingedWebSocket },
  { name: 'a WebSocket, silent', becomes: 'stops', make: (scene) => webSocket(scene) },
  { name: 'a WebSocket whose client vanished', becomes: 'stops', make: abandonedWebSocket },
  { name: 'a connection kept, no request', becomes: 'stops', make: keptConnection },
  { name: 'robots, twice a second', becomes: 'stops', make: robots },
  { name: 'favicons and prefetches, twice a second', becomes: 'stops', make: prefetches },
  { name: 'one person among robots', becomes: 'survives', make: personAmongRobots },
  { name: 'nothing at all', becomes: 'stops', make: nothing },
  { name: 'nothing, a longer timeout in its label', becomes: 'survives', ownTimeout: 3.5, make: nothing },
  { name: 'pings, a lifetime in its label', becomes: 'stops', ownLifetime: 2, make: pingedWebSocket },
  {
    name: 'a robot that downloads and downloads',
    becomes: 'stops',
    ownTimeout: 2.5,
    make: longRobot('/drip?pieces=1e6'),
  },
  { name: 'a robot that holds a stream open', becomes: 'stops', ownTimeout: 2.5, make: longRobot('/sse?n=1e6') },
]
