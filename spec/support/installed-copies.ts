// Applications in which the built package is installed as copies of its own, under any names.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { dependencies } from '../../package.json'
import { assertBuilt, root } from './built'

const made: string[] = []

/**
 * A folder with these files and, below its node_modules, a copy of the package for each name: what
 * `"name": "npm:express-start-api"` makes npm install.
 *
 * @param packages the project's packages that the application needs, too
 */
export function installCopies(
  names: readonly string[],
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): string {
  assertBuilt()
  const app = realpathSync(mkdtempSync(join(tmpdir(), 'start-api-copies-')))
  made.push(app)
  for (const name of names) {
    const home = join(app, 'node_modules', name)
    mkdirSync(home, { recursive: true })
    cpSync(join(root, 'dist'), join(home, 'dist'), { recursive: true })
    cpSync(join(root, 'package.json'), join(home, 'package.json'))
  }
  for (const name of [...Object.keys(dependencies), ...packages]) {
    const link = join(app, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(root, 'node_modules', name)), link, 'junction')
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, name)), { recursive: true })
    writeFileSync(join(app, name), text)
  }
  return app
}

afterAll(() => {
  for (const app of made.splice(0)) rmSync(app, { recursive: true, force: true })
})
