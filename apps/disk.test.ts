/** The disk never fills: previews clicked in turn on an engine whose disk holds a few of them. Longer: disk.long.ts. */
import { smallDisk } from './testing/disk.ts'

smallDisk({ tags: 6, ballast: 12_000, megabytes: 80, holds: 3, marks: { high: 60, low: 35 } })
