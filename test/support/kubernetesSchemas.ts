import { z } from "zod";

/** The part of Kubernetes' schemas that the manifests use. Strict, so that a misspelt member is found. */
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9-]+$/), labels: labels.optional() });
const portNumber = z.int().min(1).max(65_535);
const selector = z.strictObject({ matchLabels: labels });
const peer = z.strictObject({ podSelector: selector.optional(), namespaceSelector: selector.optional(), ipBlock: z.strictObject({ cidr: z.string() }).optional() });
const policyPorts = z.array(z.strictObject({ protocol: z.enum(["TCP", "UDP"]), port: z.union([portNumber, z.string()]) }));
const quantities = z.strictObject({ cpu: z.string().regex(/^\d+m?$/).optional(), memory: z.string().regex(/^\d+(?:Mi|Gi)$/) });
const resources = z.strictObject({ requests: quantities, limits: quantities });
const probe = z.strictObject({
  exec: z.strictObject({ command: z.array(z.string()) }),
  periodSeconds: z.int().min(1),
  timeoutSeconds: z.int().min(1),
  failureThreshold: z.int().min(1),
});
const env = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  value: z.string().optional(),
  valueFrom: z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal("metadata.name") }) }).optional(),
});
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
  args: z.array(z.string()),
  env: z.array(env),
  ports: z.array(z.strictObject({ name: z.string().max(15), containerPort: portNumber })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources,
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string().startsWith("/"), readOnly: z.boolean().optional() })),
});
const volume = z.strictObject({
  name: z.string(),
  emptyDir: z.strictObject({}).optional(),
  secret: z
    .strictObject({
      secretName: z.string().min(1),
      // Readable by the group alone.
      defaultMode: z.literal(0o440),
      items: z.array(z.strictObject({ key: z.string(), path: z.string() })).optional(),
    })
    .optional(),
});
const podSpec = z.strictObject({
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.int(),
  imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
  nodeSelector: labels.optional(),
  tolerations: z.array(z.record(z.string(), z.unknown())).optional(),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    fsGroupChangePolicy: z.literal("OnRootMismatch"),
    seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
  }),
  containers: z.tuple([container]),
  volumes: z.array(volume),
});

const service = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata,
  spec: z.strictObject({
    clusterIP: z.literal("None").optional(),
    selector: labels,
    ports: z.array(z.strictObject({ name: z.string(), port: portNumber, targetPort: z.string() })),
  }),
});
const statefulSet = z.strictObject({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("StatefulSet"),
  metadata,
  spec: z.strictObject({
    serviceName: z.string(),
    replicas: z.int().min(0),
    podManagementPolicy: z.enum(["Parallel", "OrderedReady"]),
    selector,
    template: z.strictObject({ metadata: z.strictObject({ labels }), spec: podSpec }),
    volumeClaimTemplates: z.array(
      z.strictObject({
        metadata,
        spec: z.strictObject({
          accessModes: z.tuple([z.literal("ReadWriteOnce")]),
          storageClassName: z.string().optional(),
          resources: z.strictObject({ requests: z.strictObject({ storage: z.string() }) }),
        }),
      }),
    ),
  }),
});
const disruptionBudget = z.strictObject({
  apiVersion: z.literal("policy/v1"),
  kind: z.literal("PodDisruptionBudget"),
  metadata,
  spec: z.strictObject({ maxUnavailable: z.int().min(1), selector }),
});
const networkPolicy = z.strictObject({
  apiVersion: z.literal("networking.k8s.io/v1"),
  kind: z.literal("NetworkPolicy"),
  metadata,
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z.tuple([z.literal("Ingress"), z.literal("Egress")]),
    ingress: z.array(z.strictObject({ from: z.array(peer), ports: policyPorts })),
    egress: z.array(z.strictObject({ to: z.array(peer).optional(), ports: policyPorts })),
  }),
});

/** Any object of the manifests. */
export const MANIFEST = z.discriminatedUnion("kind", [service, statefulSet, disruptionBudget, networkPolicy]);
export type Manifest = z.infer<typeof MANIFEST>;
export type StatefulSet = z.infer<typeof statefulSet>;
