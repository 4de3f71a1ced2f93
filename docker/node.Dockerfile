# The API on Node and jose of suites/relyingparty/node/jose, as most teams ship
# theirs: on a distribution's root. BASE is one with Node in it, or the Debian
# root that `make image-node` makes where no image can be downloaded; Node itself
# is in the build context then.
ARG BASE=node:22-bookworm-slim
FROM ${BASE}
COPY system/ /
WORKDIR /app
COPY app/ ./
USER 65532:65532
ENV BIND=0.0.0.0 PORT=8080
EXPOSE 8080
CMD ["node", "server.js"]
