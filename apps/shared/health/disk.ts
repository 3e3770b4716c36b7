import type { Config } from '../config/config.ts'
import { usedPercent, type Disk } from '../disk-space.ts'
import { findings, type Finding } from './finding.ts'

const GB = 1e9
const LEAST_FREE = 1 * GB
const LEAST_FREE_FOR_DATA = 0.1 * GB

export function judgeEngineDisk(disk: Disk, { high }: Config['disk']): Finding {
  const { ok, warning, failure } = findings('disk')
  const used = usedPercent(disk)
  const says = `${disk.root}: ${Math.round(used)} % used, ${(disk.free / GB).toFixed(1)} GB free`
  const advice = 'make room: docker system df says what takes it; lotan rm removes previews'
  if (disk.free < LEAST_FREE) return failure(says, advice)
  if (used <= high) return ok(says)
  return warning(
    `${says}, more than ${high} %: unused previews are removed early`,
    `${advice}, or set LOTAN_DISK_HIGH_PERCENT`,
  )
}

/** @param free bytes; undefined where it cannot be looked at */
export function judgeDataDisk(free: number | undefined, dataDir: string): Finding {
  const { ok, failure } = findings('disk')
  if (free === undefined)
    return failure(`${dataDir} cannot be looked at`, 'check LOTAN_DATA_DIR, and who owns what is above it')
  const says = `${dataDir}: ${(free / GB).toFixed(1)} GB free`
  return free < LEAST_FREE_FOR_DATA ? failure(says, 'make room: the database cannot grow there') : ok(says)
}
