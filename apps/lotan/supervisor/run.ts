import { readConfig } from '../../shared/config/config.ts'
import { openConsole } from '../console.ts'
import { certificateProblems } from '../nginx/certificate.ts'
import type { Name } from './names.ts'
import { up } from './up.ts'

/** @param parts null for all @returns the exit status @throws SettingsError */
export async function launch(parts: readonly Name[] | null): Promise<number> {
  const config = readConfig(undefined, !parts || parts.includes('nginx') ? certificateProblems : undefined)
  return up(config, parts, openConsole(process.stdout, config))
}
