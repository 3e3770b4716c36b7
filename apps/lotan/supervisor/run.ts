import { readConfig, type NamedFiles, type Problem } from '../../shared/config/config.ts'
import { logoProblems } from '../../shared/logo.ts'
import { openConsole } from '../console.ts'
import { certificateProblems } from '../nginx/certificate.ts'
import type { Name } from './names.ts'
import { up } from './up.ts'

/** @param parts null for all @returns the exit status @throws SettingsError */
export async function launch(parts: readonly Name[] | null): Promise<number> {
  const runs = (name: Name) => !parts || parts.includes(name)
  const fileProblems = ({ site, brand }: NamedFiles): Problem[] => [
    ...(runs('nginx') && site ? certificateProblems(site) : []),
    ...(runs('router') ? logoProblems({ brand }) : []),
  ]
  const config = readConfig(undefined, fileProblems)
  return up(config, parts, openConsole(process.stdout, config))
}
