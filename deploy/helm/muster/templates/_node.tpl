{{/* Labels by which a node's objects find each other. Called with the chart's scope and `component`. */}}
{{- define "muster.labels" -}}
app.kubernetes.io/name: muster
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The StatefulSet of the master or of the workers. Called with the chart's scope, `component`, `replicas` and `node`. */}}
{{- define "muster.nodes" -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "muster.labels" . | nindent 4 }}
spec:
  serviceName: {{ .root.Release.Name }}-{{ .component }}
  replicas: {{ .replicas }}
  # Workers don't wait for each other.
  podManagementPolicy: Parallel
  selector:
    matchLabels:
      {{- include "muster.labels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "muster.labels" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      # Their variables would look like settings of muster.
      enableServiceLinks: false
      # More than daemon.drain (10 s).
      terminationGracePeriodSeconds: 30
      {{- if .root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml .root.Values.imagePullSecrets | nindent 8 }}
      {{- end }}
      {{- if .node.nodeSelector }}
      nodeSelector:
        {{- toYaml .node.nodeSelector | nindent 8 }}
      {{- end }}
      {{- if .node.tolerations }}
      tolerations:
        {{- toYaml .node.tolerations | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        runAsGroup: 1000
        fsGroup: 1000
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: muster
          image: {{ printf "%s:%s" .root.Values.image.repository (default .root.Chart.AppVersion .root.Values.image.tag) | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: ["run"]
          env:
            - name: MUSTER_CLUSTER_NAME
              value: {{ .root.Values.cluster.name | quote }}
            - name: MUSTER_CLUSTER_NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: MUSTER_CLUSTER_NODE_TYPE
              value: {{ .component }}
            - name: MUSTER_CLUSTER_NODES
              value: {{ .root.Release.Name }}-master
            - name: MUSTER_CLUSTER_PORT
              value: {{ .root.Values.cluster.port | quote }}
            - name: MUSTER_KEYS_FILES
              value: /run/secrets/muster/cluster-key
            {{- if .root.Values.http.tlsSecret }}
            - name: MUSTER_HTTP_LISTEN
              value: 0.0.0.0:1517
            - name: MUSTER_HTTP_TLS_CERTIFICATE
              value: /run/secrets/muster-http/tls.crt
            - name: MUSTER_HTTP_TLS_KEY
              value: /run/secrets/muster-http/tls.key
            {{- end }}
            {{- if .root.Values.extraEnv }}
            {{- toYaml .root.Values.extraEnv | nindent 12 }}
            {{- end }}
          ports:
            {{- if eq .component "master" }}
            - name: cluster
              containerPort: {{ .root.Values.cluster.port }}
            {{- end }}
            - name: http
              containerPort: 1517
          # Asked from within, because the API listens on the loopback unless it has a certificate.
          startupProbe:
            exec:
              command: ["node", "/usr/lib/muster/health.mjs", "/healthz"]
            periodSeconds: 5
            timeoutSeconds: 10
            failureThreshold: 24
          livenessProbe:
            exec:
              command: ["node", "/usr/lib/muster/health.mjs", "/healthz"]
            periodSeconds: 30
            timeoutSeconds: 10
            failureThreshold: 3
          readinessProbe:
            exec:
              command: ["node", "/usr/lib/muster/health.mjs", "/readyz"]
            periodSeconds: 15
            timeoutSeconds: 10
            failureThreshold: 2
          resources:
            {{- toYaml .node.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          volumeMounts:
            - name: root
              mountPath: /var/ossec
            - name: tmp
              mountPath: /tmp
            - name: cluster-key
              mountPath: /run/secrets/muster
              readOnly: true
            {{- if .root.Values.http.tlsSecret }}
            - name: http-tls
              mountPath: /run/secrets/muster-http
              readOnly: true
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        - name: cluster-key
          secret:
            secretName: {{ .root.Values.key.existingSecret }}
            defaultMode: 0440
            items:
              - key: {{ .root.Values.key.item }}
                path: cluster-key
        {{- if .root.Values.http.tlsSecret }}
        - name: http-tls
          secret:
            secretName: {{ .root.Values.http.tlsSecret }}
            defaultMode: 0440
        {{- end }}
  volumeClaimTemplates:
    - metadata:
        name: root
      spec:
        accessModes: ["ReadWriteOnce"]
        {{- if .node.storage.className }}
        storageClassName: {{ .node.storage.className }}
        {{- end }}
        resources:
          requests:
            storage: {{ .node.storage.size }}
{{- end }}
