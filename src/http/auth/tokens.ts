import jwt from "@fastify/jwt";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { SigningKey } from "./signingKey.js";

/** Who issues tokens, and for what (dapi.md 3.7). */
const ISSUER = "wazuh";
const AUDIENCE = "Wazuh API REST";

/** The one algorithm that is signed with and accepted. */
const ALGORITHM = "ES512";

const claimsSchema = z.object({
  sub: z.string(),
  /** Seconds since the Unix epoch. */
  nbf: z.number(),
  exp: z.number(),
  run_as: z.literal(false),
  rbac_roles: z.array(z.string()),
  rbac_mode: z.literal("white"),
  /** The user's: see `User`. */
  stamp: z.string(),
});

/** What a token says, besides issuer and audience. */
export type Claims = z.output<typeof claimsSchema>;

/** Signs and verifies tokens; knows nothing of users and time. */
export interface TokenSigner {
  sign(claims: Claims): string;
  /** @throws when the token was not signed by this key and algorithm, for this audience, by this issuer */
  verify(token: string): void;
}

/** What a token says, whoever wrote it; undefined when it is none of ours. */
export function readClaims(token: string): Claims | undefined {
  try {
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
    return claimsSchema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

/** @param verifiedTokens how many signatures are remembered: verifying one costs about a millisecond */
export async function tokenSigner(app: FastifyInstance, key: SigningKey, verifiedTokens: number): Promise<TokenSigner> {
  await app.register(jwt, {
    secret: { private: key.privatePem, public: key.publicPem },
    sign: { algorithm: ALGORITHM, iss: ISSUER, aud: AUDIENCE, noTimestamp: true },
    verify: {
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      requiredClaims: ["iss", "aud"],
      cache: verifiedTokens,
      // Times are judged with the node's clock, at every request: see Authenticator.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    },
  });
  return {
    sign: (claims) => app.jwt.sign(claims),
    verify: (token) => {
      app.jwt.verify<Record<string, unknown>>(token);
    },
  };
}
