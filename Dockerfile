# docker build .                               light embedder, about 0.5 GB
# docker build --build-arg EMBEDDER=semantic . sentence-transformers on a CPU build of torch, about 2 GB
FROM python:3.11-slim AS build
ARG EMBEDDER=light
WORKDIR /src
COPY . .
RUN python -m venv /opt/aiops \
    && if [ "$EMBEDDER" = semantic ]; then \
         /opt/aiops/bin/pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu '.[semantic,elasticsearch]'; \
       else /opt/aiops/bin/pip install --no-cache-dir '.[elasticsearch]'; fi

FROM python:3.11-slim
RUN useradd --system --home-dir /data aiops && install -d -o aiops -g aiops /data
COPY --from=build /opt/aiops /opt/aiops
ENV PATH=/opt/aiops/bin:$PATH
USER aiops
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["aiops", "serve"]
CMD ["--host", "0.0.0.0", "--port", "8080"]
