/** Previews that a disk has room for only a few of, and previews that fill it. Longer: disk.long.ts. */
import { filledDisk } from '../testing/scenarios/filler.ts'
import { smallDisk } from '../testing/scenarios/disk.ts'

smallDisk({ tags: 6, ballast: 14_000, megabytes: 80, holds: 3, marks: { high: 60, low: 35 } })
filledDisk({ megabytes: 4_000 })
