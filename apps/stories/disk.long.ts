/** The disk never fills: 30 previews clicked in turn on an engine whose disk holds 8. The short form is disk.test.ts. */
import { smallDisk } from '../testing/scenarios/disk.ts'

smallDisk({ tags: 30, ballast: 14_000, megabytes: 150, holds: 8, marks: { high: 85, low: 75 } })
smallDisk({ tags: 30, ballast: 14_000, megabytes: 150, holds: 8, marks: { high: 60, low: 40 } })
