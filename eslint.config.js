import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

// Plain JavaScript, since ESLint loads a configuration in TypeScript only with a further package.
export default defineConfig(
  globalIgnores(['.lotan/', 'build/', 'views/', 'apps/demo/todowrangler/', 'apps/lotan/node/', 'apps/bench/proxies/']),
  {
    files: ['apps/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'suite', 'describe'] }] },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'node:http', allowTypeImports: true, message: 'apps/shared/http.ts has it, and says why.' }],
        },
      ],
      // What is read from JSON has the shape it is given where it is read; using it without one is still refused.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // A function may be async for the sake of whoever calls it.
      '@typescript-eslint/require-await': 'off',
      // There are plain objects of functions here, none of which knows `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Tests read answers whose shape is what they test.
    files: ['apps/**/*.{test,long}.ts', 'apps/**/harness.ts', 'apps/testing/**', 'apps/bench/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/no-restricted-imports': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
)
