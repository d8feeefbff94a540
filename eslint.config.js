import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** Decisions and bytes: time and randomness are parameters here, so that a simulation can run the same code. */
const PURE = [
  "machines/**/*.ts",
  "src/protocol/**/*.ts",
  "src/integrity/**/*.ts",
  "src/dapi/**/*.ts",
  "src/agents/**/*.ts",
];
/** What runs on the main thread: a synchronous file call there stops every peer. */
const MAIN_THREAD = ["machines/**/*.ts", "src/node/**/*.ts", "src/http/**/*.ts", "src/inspector/**/*.ts"];
const PRODUCT = ["src/**/*.ts", "machines/**/*.ts", "workers/**/*.ts"];
const SYNCHRONOUS_FILE_CALL =
  "CallExpression[callee.name=/^(access|append|chmod|chown|close|copyFile|cp|exists|fstat|fsync|lstat|mkdir|mkdtemp|open|read|readdir|readFile|realpath|rename|rm|rmdir|stat|symlink|truncate|unlink|utimes|write|writeFile)Sync$/]";
const SYNCHRONOUS_FILE_METHOD = SYNCHRONOUS_FILE_CALL.replace("callee.name", "callee.property.name");

export default defineConfig(
  globalIgnores(["dist/", "coverage/", "test/fixtures/", ".dependency-cruiser.cjs"]),
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: ["tsconfig.test.json", "src/inspector/page/tsconfig.json", "test/browser/tsconfig.json"], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      // An error that is thrown on must keep what caused it.
      "preserve-caught-error": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A number or a flag in a message reads well; an object or undefined never does.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // Ports are asynchronous by contract: one that has nothing to wait for is still one.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    files: PRODUCT,
    rules: {
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": true }],
    },
  },
  {
    files: ["src/cli/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: PURE,
    rules: {
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance"].map((name) => ({
          name,
          message: "Take a Clock as a parameter.",
        })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "Take a Clock as a parameter." },
        { object: "Math", property: "random", message: "Take a RandomSource as a parameter." },
      ],
    },
  },
  {
    files: MAIN_THREAD,
    rules: {
      "no-restricted-syntax": [
        "error",
        ...[SYNCHRONOUS_FILE_CALL, SYNCHRONOUS_FILE_METHOD].map((selector) => ({
          selector,
          message: "No synchronous file call on the main thread: use node:fs/promises or a pool job.",
        })),
      ],
    },
  },
  {
    // Tests take JSON and intercepted values apart freely: their assertions are the check.
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    // Plain JavaScript: JSON.parse and dynamic imports have no annotation to narrow them at.
    files: ["**/*.js", "**/*.mjs"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
);
