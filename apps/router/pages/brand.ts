/** Name and picture of this installation, on all pages. */
import type { Express, Response } from 'express'
import type { Config } from '../../shared/config/config.ts'
import type { Log } from '../../shared/log.ts'
import { readLogo, type Logo } from '../../shared/logo.ts'

export interface Brand {
  /** LOTAN_NAME. */
  name: string | null
  /** The last part of the repository's name. */
  application: string
  logo: Logo | null
  /** The same as a data: address, for hosts that serve nothing of Lotan's. */
  logoData: string | null
}

/** So that what the app sends carries it. */
export function showBrand(app: Express, brand: Brand) {
  app.locals.brand = brand
}

export function brandIn(res: Response): Brand {
  return res.app.locals.brand as Brand
}

/** The launcher has checked the picture; one that has gone since is left out. */
export function brandOf(
  { brand, repositories }: Pick<Config, 'brand' | 'repositories'>,
  log: Pick<Log, 'warn'>,
): Brand {
  const { reference } = repositories[0]!
  const logo = brand.logo === null ? null : readIfUsable(brand.logo, log)
  return {
    name: brand.name,
    application: reference.slice(reference.lastIndexOf('/') + 1),
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
