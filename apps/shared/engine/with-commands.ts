/** In which containers commands run that were begun after the container: the engine keeps no list of these. */
import type Docker from 'dockerode'
import { call, readAnswer, undefinedIfMissing } from './call.ts'

/** @returns the ids of the instance's containers, frozen ones too @throws EngineError */
export async function withCommands(docker: Docker, instance: string): Promise<string[]> {
  const filters = { label: [`lotan.instance=${instance}`], status: ['running' as const, 'paused' as const] }
  const found = await call('listing containers', (abort) => docker.listContainers({ filters, ...abort }))
  const ids = readAnswer('listing containers', () => found.map(({ Id }) => Id))
  const commands = await Promise.all(ids.map((id) => commandsIn(docker, id)))
  return ids.filter((_, place) => commands[place]! > 0)
}

async function commandsIn(docker: Docker, id: string): Promise<number> {
  const asked = call(`inspecting ${id}`, (abort) => docker.getContainer(id).inspect({ ...abort }))
  const found = (await undefinedIfMissing(asked)) as { ExecIDs?: string[] | null } | undefined
  return found?.ExecIDs?.length ?? 0
}
