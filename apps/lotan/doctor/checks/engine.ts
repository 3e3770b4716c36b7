import type { Config } from '../../../shared/config/config.ts'
import type { Engine } from '../../../shared/engine/engine.ts'
import { usedPercent, type Disk } from '../../../shared/disk-space.ts'
import fs from 'node:fs/promises'
import path from 'node:path'
import { findings, type Finding } from '../finding.ts'

const GB = 1e9
const LEAST_FREE = 1 * GB
const LEAST_FREE_FOR_DATA = 0.1 * GB

/** @returns whether it answers, too: without it there is no more to ask it */
export async function checkEngine(engine: Pick<Engine, 'version'>, dockerHost: string | null) {
  const { ok, failure } = findings('engine')
  try {
    return { answers: true, found: [ok(`version ${await engine.version()}`)] }
  } catch (error) {
    const advice = dockerHost
      ? `check DOCKER_HOST (${dockerHost}), and that an engine runs there`
      : 'start it: systemctl start docker. Without root: usermod -aG docker USER, then log in again'
    return { answers: false, found: [failure((error as Error).message, advice)] }
  }
}

export async function checkDisk(
  engine: Pick<Engine, 'disk'> | undefined,
  config: Pick<Config, 'dataDir' | 'disk'>,
): Promise<Finding[]> {
  const ofEngine = engine && (await engine.disk().catch(() => undefined))
  return [
    ...(ofEngine ? [judgeEngineDisk(ofEngine, config.disk)] : []),
    judgeDataDisk(await freeAt(config.dataDir), config.dataDir),
  ]
}

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

export function judgeDataDisk(free: number | undefined, dataDir: string): Finding {
  const { ok, failure } = findings('disk')
  if (free === undefined)
    return failure(`${dataDir} cannot be looked at`, 'check LOTAN_DATA_DIR, and who owns what is above it')
  const says = `${dataDir}: ${(free / GB).toFixed(1)} GB free`
  return free < LEAST_FREE_FOR_DATA ? failure(says, 'make room: the database cannot grow there') : ok(says)
}

/** Of the nearest directory that exists: Lotan makes the rest. */
async function freeAt(dir: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await fs.statfs(dir)
    return bavail * bsize
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && path.dirname(dir) !== dir
    return isMissing ? freeAt(path.dirname(dir)) : undefined
  }
}
