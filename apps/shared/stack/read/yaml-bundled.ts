/** For `lotan.mjs`, which has the package in it, and finds none beside it. */
import * as bundled from 'yaml'
import { useYaml } from './yaml.ts'

useYaml(bundled)
