/** How somebody comes into a preview: what they type. Pure. */
import { shownTag } from '../../shared/preview/copy-tag.ts'
import type { PreviewId } from '../../shared/preview/preview-id.ts'

const SSH_PORT = 22

/** @returns null where SSH is off */
export function sshCommand(
  id: PreviewId,
  { shell, domain }: { shell: { ssh: { listen: { port: number } } | null } | null; domain: string },
): string | null {
  if (!shell?.ssh) return null
  const { port } = shell.ssh.listen
  return `ssh ${port === SSH_PORT ? '' : `-p ${port} `}${shownTag(id)}@${domain}`
}
