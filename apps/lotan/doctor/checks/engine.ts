import type { Config } from '../../../shared/config/config.ts'
import type { Engine } from '../../../shared/engine/engine.ts'
import { engineAdvice } from '../../../shared/health/advice.ts'
import { judgeDataDisk, judgeEngineDisk } from '../../../shared/health/disk.ts'
import { findings, type Finding } from '../../../shared/health/finding.ts'
import fs from 'node:fs/promises'
import path from 'node:path'

/** @returns whether it answers, too: without it there is no more to ask it */
export async function checkEngine(engine: Pick<Engine, 'version'>, dockerHost: string | null) {
  const { ok, failure } = findings('engine')
  try {
    return { answers: true, found: [ok(`version ${await engine.version()}`)] }
  } catch (error) {
    return { answers: false, found: [failure((error as Error).message, engineAdvice(dockerHost))] }
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
