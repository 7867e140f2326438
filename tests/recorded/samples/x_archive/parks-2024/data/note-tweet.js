window.YTD.note_tweet.part0 = [
  {
    "noteTweet": {
      "noteTweetId": "1700000000000000129",
      "updatedAt": "2024-05-02T12:00:00.000Z",
      "createdAt": "2024-05-02T12:00:00.000Z",
      "lifecycle": {
        "value": "1",
        "name": "SealedForEditing"
      },
      "core": {
        "styletags": [],
        "urls": [],
        "text": "The splash pad season, in full: opening day is Saturday, June 1, at nine in the morning; the pads at Alder Park, Mill Street & the Riverwalk run every day until the first Sunday of September, from nine to eight. Swim diapers are a must for the very young, glass is never allowed, and a lifeguard is on duty at Mill Street only. Bring a towel.",
        "mentions": [],
        "cashtags": [],
        "hashtags": []
      }
    }
  }
]
