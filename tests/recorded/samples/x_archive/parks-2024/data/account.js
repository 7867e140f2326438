window.YTD.account.part0 = [
  {
    "account": {
      "email": "parks@riverbend.example",
      "createdVia": "web",
      "username": "RiverbendParks",
      "accountId": "910000000000000001",
      "createdAt": "2013-05-01T12:00:00.000Z",
      "accountDisplayName": "Riverbend Parks"
    }
  }
]
