/** What a sandbox is to the engine: a network on a slot, and next to nothing else. Pure. */
import type { Config } from '../../shared/config/config.ts'
import type { CreateOptions } from '../../shared/engine/engine.ts'
import { sandboxName } from '../../shared/slots/container-name.ts'
import type { HostPort } from '../../shared/slots/slot-scheme.ts'
import { networkName } from '../../shared/slots/slots.ts'
import { networkingOf, portBindingsOf } from '../containers/create-options.ts'

const MEMORY = 16 * 1024 ** 2
const PIDS = 8

/** @param port where slots are ports: the port inside that its own leads to */
export function sandboxOptions(
  { instance, repositories }: Pick<Config, 'instance' | 'repositories'>,
  sandbox: { number: number; port: number | null },
  hostPort: Pick<HostPort, 'address' | 'published'>,
  image: string,
  groupParent: string | undefined,
): CreateOptions {
  // The hosts file is root's, and read-only where all else is.
  const takesHosts = repositories.length > 1
  const common: CreateOptions = {
    Image: image,
    ...(takesHosts && { User: '0:0', OpenStdin: true }),
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: networkName(instance),
      RestartPolicy: { Name: 'no' },
      Init: false,
      ReadonlyRootfs: !takesHosts,
      Memory: MEMORY,
      MemorySwap: MEMORY,
      PidsLimit: PIDS,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      LogConfig: { Type: 'none', Config: {} },
      ...(groupParent && { CgroupParent: groupParent }),
    },
  }
  return {
    ...common,
    ...portBindingsOf(sandbox.port ?? 0, hostPort, common),
    name: sandboxName(instance, sandbox.number),
    Labels: { 'lotan.managed': 'true', 'lotan.instance': instance, 'lotan.sandbox': String(sandbox.number) },
    NetworkingConfig: { EndpointsConfig: { [networkName(instance)]: networkingOf(hostPort) } },
  }
}
