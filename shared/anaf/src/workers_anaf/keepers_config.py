"""Puts the log-ins together from the settings."""

from workers_ledger.secrets import Secrets
from workers_runtime.outbound import Outbound

from .certificate import CertificateLogin, client_context
from .credentials import Application, Credential, CredentialsFile
from .keepers import EVERYBODY, Keepers
from .login_config import AnafLoginSettings
from .stored_logins import StoredLogins


def keepers(settings: AnafLoginSettings, secrets: Secrets, login: Outbound) -> Keepers:
    """Return the keepers of all log-ins.

    Raises:
        CredentialsFileError: ANAF_CREDENTIALS_FILE is wrong.
        ValueError: ANAF_CLIENT_CERTIFICATE is wrong.
    """
    application = _application(settings)
    file = settings.anaf_credentials_file
    credentials = CredentialsFile(file, application) if file else None
    if credentials:
        credentials.read()  # what is wrong in it is told at start
    return Keepers(
        secrets,
        login,
        _configured(settings, application),
        stored=StoredLogins(secrets, settings.anaf_client_secret.get_secret_value()),
        file=credentials,
        certificate=_certificate(settings, secrets),
        shared=settings.anaf_tenant_login == "shared",
    )


def _application(settings: AnafLoginSettings) -> Application | None:
    secret = settings.anaf_client_secret.get_secret_value()
    return Application(settings.anaf_client_id, secret) if settings.anaf_client_id else None


def _configured(settings: AnafLoginSettings, application: Application | None) -> Credential | None:
    token = settings.anaf_refresh_token
    if token is None or application is None:
        return None
    return Credential.given(EVERYBODY, application, token.get_secret_value())


def _certificate(settings: AnafLoginSettings, secrets: Secrets) -> CertificateLogin | None:
    path = settings.anaf_client_certificate
    if path is None:
        return None
    password = settings.anaf_client_key_password
    tls = client_context(
        path,
        settings.anaf_client_key,
        password.get_secret_value() if password else None,
        settings.anaf_ca_file,
    )
    # No keep-alive, as with the other host: a reused connection makes an upload uncertain.
    outbound = Outbound(
        "ANAF e-Factura by certificate", settings.anaf_certificate_url, keep_alive=False, tls=tls
    )
    return CertificateLogin(outbound, path.read_bytes(), secrets, tls)
