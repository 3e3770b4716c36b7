/** Name and picture of this installation, on all pages. */
import type { Express, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import { splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import type { Log } from '../../shared/log.ts'
import { readLogo, type Logo } from '../../shared/logo.ts'
import { applicationOf } from '../words/preview-names.ts'

export interface Brand {
  /** LOTAN_NAME. */
  name: string | null
  /** The last part of the repository's reference. */
  application: string
  /** The same of each repository, by its name. */
  applications?: Readonly<Record<string, string>>
  logo: Logo | null
  /** The same as a data: address, for hosts that serve nothing of Lotan's. */
  logoData: string | null
}

/** So that what the app sends carries it. */
export function showBrand(app: Express, brand: Brand) {
  app.locals.brand = brand
}

/** @param about the preview that the page is about: it has the name of that one's application */
export function brandIn(res: Response, about?: PreviewId | null): Brand {
  const brand = res.app.locals.brand as Brand
  const own = about == null ? undefined : brand.applications?.[splitId(about).repository]
  return own === undefined ? brand : { ...brand, application: own }
}

/** The launcher has checked the picture; one that has gone since is left out. */
export function brandOf(
  { brand, repositories }: Pick<Config, 'brand' | 'repositories'>,
  log: Pick<Log, 'warn'>,
): Brand {
  const logo = brand.logo === null ? null : readIfUsable(brand.logo, log)
  return {
    name: brand.name,
    application: applicationOf(repositories[0]!),
    applications: Object.fromEntries(repositories.map((each) => [each.name, applicationOf(each)])),
    logo,
    logoData: logo && `data:${logo.type};base64,${logo.body.toString('base64')}`,
  }
}

function readIfUsable(file: string, log: Pick<Log, 'warn'>): Logo | null {
  try {
    return readLogo(file)
  } catch (error) {
    log.warn({ err: error, file }, 'LOTAN_LOGO cannot be used: pages go without it')
    return null
  }
}
