window.YTD.profile.part0 = [
  {
    "profile": {
      "description": {
        "bio": "Parks & recreation of the City of Riverbend",
        "website": "https://t.co/fff",
        "location": "Riverbend"
      },
      "avatarMediaUrl": "https://pbs.twimg.com/profile_images/1/a.jpg",
      "headerMediaUrl": "https://pbs.twimg.com/profile_banners/1/1"
    }
  }
]
