import { z } from "zod";

/** What a user may do: `readonly` everything that changes nothing, `admin` all. */
export const ROLES = ["admin", "readonly"] as const;
export type Role = (typeof ROLES)[number];

/** Longest name of a user, in characters. */
const LONGEST_USER_NAME = 64;

export const userNameSchema = z
  .string()
  .max(LONGEST_USER_NAME)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, "a user's name is letters, digits and . _ @ -, and begins with a letter or digit");

export const rolesSchema = z.array(z.enum(ROLES)).min(1).max(ROLES.length);

const BASE64 = z.string().max(256).regex(/^[A-Za-z0-9+/]+={0,2}$/);
const HIGHEST_N = 32_768;

export const userSchema = z.strictObject({
  name: userNameSchema,
  roles: rolesSchema,
  password: z.strictObject({
    // Bounded, so that a file that somebody wrote can't make a login cost minutes.
    cost: z.strictObject({
      N: z.int().min(2).max(HIGHEST_N),
      r: z.int().min(1).max(8),
      p: z.int().min(1).max(4),
    }),
    salt: BASE64,
    hash: BASE64,
  }),
  /** Changes with the password and the roles: a token with another one is not accepted any more. */
  stamp: z.uuid(),
});

/** A user of the HTTP API, as it is kept. */
export type User = Readonly<z.output<typeof userSchema>>;
